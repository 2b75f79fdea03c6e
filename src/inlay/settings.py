"""Settings: `inlay.configure(...)`, else the environment, else `[tool.inlay]` of the project, else the default.

One table says what there is; docs/settings.md says it to users. The lowest floor, as every other asks here.
"""

from __future__ import annotations
