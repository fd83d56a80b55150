"""What Chalice loads: it looks for the app and every handler of it in this module."""

import os

if "AWS_CHALICE_CLI_MODE" in os.environ:
    # Chalice sets it for its commands on a developer's machine, never on Lambda, and it has no
    # other hook: here `chalice deploy` says what it lacks, and `chalice local`, which serves HTTP
    # only, brings up the rest of the stage.
    from infra.deployment import chalice_command as deployment
    from infra.local import chalice_command as stage

    deployment.prepare()
    stage.prepare()

from chalice_app.routes import app, connect, disconnect, message

if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
    # On Lambda a stream's function is entered by its own module (`streams.rosters.handler`), and
    # the others' cold starts need not pay for it. To deploy, run or test the app takes them all.
    from streams import (
        broadcast,
        cache_access,
        cache_eviction,
        reconcile,
        rosters,
        transcript,
        voice,
    )

    app.register_blueprint(broadcast.functions)
    app.register_blueprint(voice.functions)
    app.register_blueprint(transcript.functions)
    app.register_blueprint(rosters.functions)
    app.register_blueprint(cache_access.functions)
    app.register_blueprint(cache_eviction.functions)
    app.register_blueprint(reconcile.functions)

__all__ = ["app", "connect", "disconnect", "message"]
