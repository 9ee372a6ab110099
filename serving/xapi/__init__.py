"""xAPI: statements of learning platforms, judged, stored, told again, and read as evidence.

Rules are those of the specification, version 1.0.3 (https://github.com/adlnet/xAPI-Spec; its parts are called
Data and Communication here) and 2.0 (IEEE 9274.1.1).
"""
