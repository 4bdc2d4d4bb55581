"""Programs that run on the machine: the native ones, and the scripted guest kernel."""
