"""What goes wrong in a deployment, told in one line: the reason, and what mends it."""


class DeploymentProblem(Exception):
    """A deployment cannot go on.

    Args:
        reason: what is wrong, as seen by whoever runs the command.
        mend: what to do about it, preferably a command.
    """

    def __init__(self, reason: str, mend: str) -> None:
        # A reason may come from AWS, which writes paragraphs.
        super().__init__(f"{' '.join(reason.split())}: {mend}")
