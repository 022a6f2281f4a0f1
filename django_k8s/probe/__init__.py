"""The probe listener: a process beside the role, which answers for it by its heartbeats."""
