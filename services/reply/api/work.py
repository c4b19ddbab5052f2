"""What the routes of reply depend on."""

from typing import Annotated

from fastapi import Depends, Request

from services.reply.context import ReplyConfig


async def _config_of(request: Request) -> ReplyConfig:
    config = request.app.state.reply_config
    assert isinstance(config, ReplyConfig)
    return config


Config = Annotated[ReplyConfig, Depends(_config_of)]
