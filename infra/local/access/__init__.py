"""Who may talk to the stage: programs of this machine, and pages that it serves."""
