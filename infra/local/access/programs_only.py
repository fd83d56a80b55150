"""aiohttp middleware that refuses everyone but programs of this machine (see `callers`)."""

from aiohttp import web
from aiohttp.typedefs import Handler

from infra.local.access.callers import is_program


@web.middleware
async def programs_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to a web page's request, before anything of it is looked at."""
    if is_program(request.headers.get("Host"), request.headers.get("Origin")):
        return await handler(request)
    return web.json_response({"message": "Forbidden"}, status=403)
