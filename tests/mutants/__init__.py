"""Our own mistakes, made on purpose: does a test see each of them?"""
