"""The emulator's process: `python -m infra.local.dynamodb`, configured by its environment.

ministack holds every stream record in memory for 24 hours, as DynamoDB does: 3.8 KB each with both
images, 140 MB an hour of a busy hall. Here the readers are milliseconds behind, and a stage that
ends has handled what its streams held; what an hour was not enough for, `reconcile` mends.
"""

from ministack.app import main
from ministack.services import dynamodb

STREAM_RETENTION_SECONDS = 3600

if __name__ == "__main__":
    dynamodb._STREAM_RETENTION_SECONDS = STREAM_RETENTION_SECONDS  # noqa: SLF001 - no setting
    main()
