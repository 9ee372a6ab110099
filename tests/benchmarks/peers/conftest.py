"""Scripts that run in environments of other libraries cannot be imported in this one."""

collect_ignore_glob = ["peer.py", "*_peer.py", "rectools_asking.py"]
