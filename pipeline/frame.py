"""How a build begins and ends, whatever engine runs it."""

import os
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import NamedTuple

from pipeline import forget, read
from pipeline.account import Account, accounting
from pipeline.core.finding import Finding, Severity
from pipeline.core.settings import CheckSettings, PrivateKind, RuleSettings
from pipeline.core.target import Limits, Target
from pipeline.fates import HELD
from pipeline.plan import Plan
from pipeline.publish import WORK, Acceptance, Published, publish, workplace
from pipeline.report.manifest import MANIFEST, essence
from pipeline.report.model import Report
from pipeline.rows import Job
from pipeline.setting import Setting
from pipeline.targets.catalogue import limits_of, load
from pipeline.yardstick import yardstick


class Outcome(NamedTuple):
    """What a build gave."""

    report: Report
    findings: list[Finding]
    """About the dataset as a whole."""
    folder: Path
    published: Published

    def fails(self, at_least: str) -> bool:
        """Say whether it was held back, or is flawed as a whole at or above a severity; `never` asks for no flaws."""
        if self.published.held:
            return True
        if at_least == "never":
            return False
        least = Severity.named(at_least)
        gate = [Severity.named(e.severity) for e in self.report.expectations or () if e.passed is False]
        return any(severity >= least for severity in [*gate, *(finding.severity for finding in self.findings)])


def begun(plan: Plan, setting: Setting, stack: ExitStack) -> tuple[Job, Account]:
    """Give what a run works on and its account, with the place to build in locked; `stack` lets go of it."""
    target = load(plan.target.id)
    limits = _limits(plan, target)
    folder = setting.dataset(plan)
    blocks = folder / WORK / "blocks"
    sources = [read.find(s.name, s.path, root=setting.root, read=s.read, blocks=blocks) for s in plan.source]
    work = stack.enter_context(_workplace(folder, setting))
    # after a wait that may have been long: what was asked for in the meantime counts
    forgotten = forget.load(setting.root / plan.forget.file, secret=setting.salt, published=folder / MANIFEST)
    account = stack.enter_context(
        accounting(
            plan,
            target=target,
            limits=limits,
            sources=sources,
            yardstick=yardstick(folder, plan.drift),
            root=setting.root,
            today=setting.today,
            forgotten=forgotten.ids,
            process=setting.gate,
        )
    )
    checks = CheckSettings(limits=limits, rules=_rules(plan), moderation=plan.moderation, privacy=plan.privacy)
    return Job(plan, target, checks, setting, sources, work, forgotten), account


def ended(job: Job, built: Path, report: Report, findings: list[Finding]) -> Outcome:
    """Publish the finished files, and give what the run gave."""
    plan, setting = job.plan, job.setting
    folder = setting.dataset(plan)
    with setting.progress.stage("publish", unit="files", total=None):
        published = publish(
            built,
            folder=folder,
            stamp=setting.stamp,
            keep=plan.write.keep_versions,
            essence=essence,
            drifted=report.drift.sentences if report.drift else (),
            acceptance=Acceptance(by=setting.accepted_by, at=setting.stamp) if setting.accepted_by else None,
        )
    return Outcome(report, findings, folder, published)


def masked_kinds(plan: Plan) -> frozenset[PrivateKind]:
    """Give the kinds that rejected.jsonl only names."""
    if plan.privacy.originals == "keep":
        return frozenset()
    return frozenset(kind for kind, action in plan.privacy.actions.items() if action != "off")


def _workplace(folder: Path, setting: Setting) -> AbstractContextManager[Path]:
    """Give the place to build in, or wait for it as long as the setting allows."""
    holder = f"process {os.getpid()}, begun {setting.stamp}"
    return workplace(folder, holder=holder, wait_seconds=setting.wait_seconds, waits=setting.progress.note)


def _rules(plan: Plan) -> RuleSettings:
    """Give the plan's rules; by the policy `report` a flag is a warning, unless the plan says otherwise of that code."""
    if plan.moderation.policy != "report":
        return plan.rules
    return plan.rules.model_copy(update={"severity": {HELD[1]: "warning", **plan.rules.severity}})


def _limits(plan: Plan, target: Target) -> Limits:
    limits = limits_of(target, plan.target.method)
    own = plan.target.max_tokens
    return limits if own is None else limits.model_copy(update={"max_tokens": own})
