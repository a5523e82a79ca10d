import type { Data } from './data.ts'

/**
 * Every tag in use, in order. Each step of the recursion jumps to the next tag in the index, so that
 * the cost follows the number of tags, not of articles; nothing is kept, so that new tags show at once.
 */
export async function listTags(data: Data): Promise<readonly string[]> {
  const { value } = await data.everywhere({
    each: (shard) =>
      shard.read<{ tag: string }>`
        with recursive used (tag) as (
          (select tag from article_tags order by tag limit 1)
          union all
          select (select t.tag from article_tags t where t.tag > used.tag order by t.tag limit 1)
          from used where used.tag is not null
        )
        select tag from used where tag is not null`,
    combine: (parts) => [...new Set(parts.flat().map((row) => row.tag))],
  })
  return value.sort()
}
