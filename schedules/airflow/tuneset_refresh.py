"""An Airflow DAG: refresh the dataset every night; try again where that helps, and nowhere else.

tuneset lives in an environment of its own and is run by its path: its libraries and Airflow's never meet.
"""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

PROJECT = Path(os.environ.get("TUNESET_PROJECT", "/srv/support"))
TUNESET = os.environ.get("TUNESET_COMMAND", str(PROJECT / ".venv/bin/tuneset"))
TRY_AGAIN = {4, 75}
"""A provider gave up; another run is at work."""


@dag(
    schedule="17 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=15)},
    tags=["tuneset"],
)
def tuneset_refresh() -> None:
    """Refresh, then say what is published."""

    @task(execution_timeout=timedelta(hours=6))
    def refresh() -> int:
        """Run tuneset; its log lines go to the task's log."""
        done = subprocess.run([TUNESET, "refresh", "--log-format", "json"], cwd=PROJECT, check=False)
        if done.returncode in TRY_AGAIN:
            raise AirflowException(f"tuneset ended with {done.returncode}: worth another try")
        if done.returncode:
            raise AirflowFailException(f"tuneset ended with {done.returncode}: see the log lines above")
        return done.returncode

    @task
    def published(code: int) -> dict[str, int]:
        """Give the figures of the dataset in use to whatever comes next, such as a training job."""
        report = json.loads((PROJECT / "data/processed/report.json").read_text(encoding="utf-8"))
        return {"examples": report["fates"]["kept"], "rows_read": report["rows_read"], "exit_code": code}

    published(refresh())


tuneset_refresh()
