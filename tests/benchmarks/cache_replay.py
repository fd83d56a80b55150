"""The cache in figures: `python tests/benchmarks/cache_replay.py [--lookups N] [--results FILE]`.

On the embedded DynamoDB, started on a free port and ended again; under 90 seconds. Three figures:

- **Eviction**: Zipf-distributed sentences over three times as many as the cache holds, the same
  sequence through an ideal LRU. It is 100 lookups a second on 10,000 entries scaled to 400, so that
  between two flushes of the hits the same share of the cache is replaced.
- **Write units a hit**: 100 hits a second over 200 hot entries for ten minutes, by DynamoDB's
  rules, from what the stream says was written. Rows can be applied together only within a shard, of
  which a new table has four; at 100 lookups a second three containers are about what Lambda runs.
- **Lookup**: round trips and CPU of a sentence's ten languages, client alone.
"""

import argparse
import itertools
import os
import random
import sys
import time
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from chalice_app.bootstrap.application import Application
from chalice_app.cache.hit_buffer import FLUSH_MS
from chalice_app.cache.lookup import cache_key
from tests.benchmarks.cache_write_units import units
from tests.benchmarks.results import RESULTS, Figure, report
from tests.cache_stage import CacheStage, Record, running_dynamodb, sdk_environment

SEED = 20260501
LIMIT, UNIVERSE = 400, 1200
LOOKUPS_A_SECOND = 4
BATCH_MS = 1_000
HOT, HITS_A_SECOND, MINUTES = 200, 100, 10
IDEAL = "cache: hit rate, ideal LRU"
NAIVE = "an update of each entry at each hit: 3 units"
LANGUAGES = tuple(f"x{letter}" for letter in "abcdefghij")


def zipf(lookups: int) -> Sequence[int]:
    """Which sentence is said at each lookup: the k-th most frequent with a weight of 1/k."""
    weights = list(itertools.accumulate(1 / (k + 1) for k in range(UNIVERSE)))
    return random.Random(SEED).choices(range(UNIVERSE), cum_weights=weights, k=lookups)


def ideal_hits(sentences: Sequence[int]) -> list[bool]:
    """What an LRU cache of exactly the limit answers."""
    kept: OrderedDict[int, None] = OrderedDict()
    hits = []
    for sentence in sentences:
        hits.append(sentence in kept)
        kept[sentence] = None
        kept.move_to_end(sentence)
        if len(kept) > LIMIT:
            kept.popitem(last=False)
    return hits


def replayed_hits(stage: CacheStage, sentences: Sequence[int]) -> tuple[list[bool], int]:
    """What ours answers, and the most entries there ever were."""
    cache, hits = stage.app.cache, []
    present = most = 0
    next_batch = stage.clock.now_ms() + BATCH_MS
    for sentence in sentences:
        text = f"this is sentence number {sentence} of the talk"
        hit = bool(cache.get(text, "en", ["es"]))
        hits.append(hit)
        if not hit:
            present += 1
        cache.put(text, "en", {} if hit else {"es": f"[es] {text}"})
        most = max(most, present)
        stage.clock.advance(1000 // LOOKUPS_A_SECOND)
        if stage.clock.now_ms() >= next_batch:
            next_batch += BATCH_MS
            present -= sum(map(_removes_entry, stage.settle()))
    return hits, most


def _removes_entry(record: Record) -> bool:
    gone: str = record["dynamodb"]["Keys"]["cacheKey"]["S"]
    return record["eventName"] == "REMOVE" and gone.startswith("en:")


def eviction(lookups: int) -> list[Figure]:
    """Ours against ideal LRU, both once warm."""
    sentences = zipf(lookups)
    warm = lookups // 3
    started = time.perf_counter()
    stage = CacheStage("replay", limit=LIMIT, ttl_seconds=10**8)
    ours, most = replayed_hits(stage, sentences)
    took = time.perf_counter() - started
    ideal = ideal_hits(sentences)
    rate, best = _percent(ours[warm:]), _percent(ideal[warm:])
    return [
        Figure(IDEAL, best, "%"),
        Figure("cache: hit rate, ours", rate, "%", ratio_to=IDEAL, ratio=rate / best),
        Figure("cache: hit rate, ours less ideal", rate - best, "points", at_least=-1),
        Figure("cache: largest overshoot of its limit", 100 * max(0.0, most / LIMIT - 1), "%", 2),
        Figure("cache: replay", lookups / took, "lookups/s"),
    ]


def _percent(hits: Sequence[bool]) -> float:
    return 100 * sum(hits) / len(hits)


def write_cost(containers: int, shards: int) -> list[Figure]:
    """Units a hit when so many containers share the hits and so many shards the records."""
    stage = CacheStage(f"cost{containers}-{shards}", ttl_seconds=10**8)
    texts = [f"this is one of the sentences that everybody says: {n}" for n in range(HOT)]
    for text in texts:
        stage.app.cache.put(
            text, "en", {"es": "y esta es una de las frases que dice todo el mundo"}
        )
    stage.settle()
    fleet = [stage.container() for _ in range(containers)]
    records: list[Record] = []
    chance = random.Random(SEED)
    for _ in range(MINUTES * 60):
        for _ in range(HITS_A_SECOND):
            _hit(chance.choice(fleet), chance.choice(texts))
        stage.clock.advance(1_000)
        for container in fleet:
            container.cache.put("", "en", {})  # what ends every sentence, also a cached one
        if stage.clock.now_ms() % FLUSH_MS < BATCH_MS:
            records += _settle(stage, shards)
    for container in fleet:
        container.hit_buffer.flush()
    records += _settle(stage, shards)
    hits = MINUTES * 60 * HITS_A_SECOND
    name = f"cache: write units a hit, {containers} x container, {shards} x shard"
    plain, doubled = units(records) / hits, units(records, index_factor=2) / hits
    return [
        Figure(name, plain, "units/hit", 0.2, NAIVE, plain / 3),
        Figure(f"{name}, index x 2", doubled, "units/hit", None, NAIVE, doubled / 3),
    ]


def _settle(stage: CacheStage, shards: int) -> list[Record]:
    """Delivers what there is, each shard's records by themselves; rows are spread by their key."""
    seen: list[Record] = []
    while records := stage.records():
        seen += records
        for shard in range(shards):
            own = [record for record in records if _shard(record) % shards == shard]
            if own:
                stage.deliver(own)
    return seen


def _shard(record: Record) -> int:
    return zlib.crc32(record["dynamodb"]["Keys"]["cacheKey"]["S"].encode())


def _hit(container: Application, text: str) -> None:
    """A hit without its lookup: what `TranslationCache.get` does after it."""
    container.hit_buffer.count([cache_key("en", "es", text)])


def lookup(rounds: int = 200) -> list[Figure]:
    """A sentence in ten languages, all of them cached."""
    stage = CacheStage("lookup")
    cache = stage.app.cache
    text = "Four score and seven years ago our fathers brought forth a new nation."
    cache.put(text, "en", dict.fromkeys(LANGUAGES, f"[xx] {text}"))
    assert len(cache.get(text, "en", LANGUAGES)) == len(LANGUAGES)
    stage.calls.made.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(rounds):
        cache.get(text, "en", LANGUAGES)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return [
        Figure("cache: 10 languages looked up, calls", len(stage.calls.made) / rounds, "calls", 1),
        Figure("cache: 10 languages looked up, CPU of the client", 1000 * cpu / rounds, "ms"),
        Figure("cache: 10 languages looked up, elapsed", 1000 * wall / rounds, "ms"),
    ]


def main() -> None:
    """Measures, prints the table, appends the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--lookups", type=int, default=3_000, help="of the replay")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with running_dynamodb() as address:
        os.environ.update(sdk_environment(address))
        for measured in (
            lookup(),
            write_cost(containers=1, shards=1),
            write_cost(containers=3, shards=4),
            eviction(options.lookups),
        ):
            report(measured, options.results)


if __name__ == "__main__":
    main()
