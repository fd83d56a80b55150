"""Values of a Host header that name no host, or more than one."""

BAD_HOSTS = (
    "",
    " ",
    "evil.example; script-src *",
    "evil.example script-src",
    'x"><script>',
    "a.example/path",
    "user@a.example",
    "a.example?x",
    "a.example#x",
    "a.example,b.example",
    "a.example:",
    "a.example:0",
    "a.example:65536",
    "a.example:8000:8000",
    "[::1",
    "[x]",
    "a\r\nSet-Cookie: x",
    "\u043f\u0440\u0438\u043c\u0435\u0440.example",
    "a.example\n",
)
