"""Rows of commands, fills and notices as numpy types; they lie in memory as the matching engine's own structs do."""

import numpy as np

_COMMAND_WORDS = ("id", "order", "owner", "price", "size", "expires", "trigger", "trail", "shown", "group")
_COMMAND_BYTES = ("action", "side", "kind", "time_in_force", "post_only", "reduce_only", "self_trade", "source")
COMMAND = np.dtype([(name, "<i8") for name in _COMMAND_WORDS] + [(name, "i1") for name in _COMMAND_BYTES])
FILL = np.dtype([(name, "<i8") for name in ("maker", "taker", "price", "size")])
NOTICE = np.dtype([(name, "<i8") for name in ("order", "status", "lots", "after")])
