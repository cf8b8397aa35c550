"""The neural model: from a sequence of events to distributions of the next one."""
