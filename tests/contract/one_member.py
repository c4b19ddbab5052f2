"""A member of a group as a process of its own, to be killed.

Its arguments are kind, address, group, topic. It polls, writes the number of
messages it holds, one line a poll, and never commits.
"""

import asyncio
import sys

from tests.contract.brokers import connect


async def hold(kind: str, address: str, group: str, topic: str) -> None:
    bus = connect(kind, address)
    await bus.start()
    held = 0
    async with bus.subscribe(group, [topic]) as member:
        while True:
            if received := await member.poll(100, 1.0):
                held += len(received)
                print(held, flush=True)


if __name__ == "__main__":
    asyncio.run(hold(*sys.argv[1:]))
