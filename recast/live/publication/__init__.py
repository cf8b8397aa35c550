"""What is published.

options    what an agency sets: ``Pages``
"""
