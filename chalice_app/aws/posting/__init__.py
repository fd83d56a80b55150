"""`@connections`: posts to thousands of sockets, fast and bounded.

Read `management_api` first, which is all that `bootstrap` imports of it: it implements
`delivery.ports.Gateway`. `post_loop` drives the sockets of `socket_pool`.
"""
