"""CoreEngine: a desk built from its configuration, started, supervised, drained and stopped, alone or over processes."""
