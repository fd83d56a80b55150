"""The hall in a box, between real hosts: a laptop that serves, and phones that may reach so much.

Both are network namespaces of this machine (`hosts`), with a cable between them, or a Wi-Fi that
loses packets (`bad_links`). That needs root on Linux; elsewhere these tests are skipped, and say
so. Nothing here touches the network of the machine itself.
"""
