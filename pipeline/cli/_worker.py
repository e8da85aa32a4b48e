"""All that a worker of `tuneset check` imports, imported once in the server that workers are forked from."""

from pipeline.cli._light import without_pandas

without_pandas()

import pipeline.check  # noqa: E402
import pipeline.core.rule  # noqa: E402
import pipeline.measure.stage  # noqa: E402
import pipeline.preflight.rows  # noqa: E402

pipeline.core.rule.catalogue()
