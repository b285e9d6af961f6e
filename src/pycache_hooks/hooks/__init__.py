"""One module a hook, each with ``main(argv) -> int``."""
