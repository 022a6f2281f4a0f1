"""The probe listener, a process beside the role that answers probes from the role's heartbeats."""
