"""Plain bots on other libraries, for comparison."""
