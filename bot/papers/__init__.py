"""What the bot hands over, and the roster it is handed: pictures and workbooks."""
