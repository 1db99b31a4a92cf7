"""What the bot does: when somebody writes, and when time passes."""
