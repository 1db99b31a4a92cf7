"""WeCom (企业微信): the AI bot over its long connection, a self-built app, and group robots."""

NAME = "wecom"
