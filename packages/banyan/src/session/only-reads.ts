/**
 * Whether a text certainly does nothing but read: one statement, by its first word and all others, that calls
 * only functions which PostgreSQL has itself and which change nothing. A view or an operator of the app's own
 * that writes is not seen. Every doubt means no, which costs a question to the primary and nothing else.
 */
export function onlyReads(text: string): boolean {
  const known = judged.get(text)
  if (known !== undefined) return known
  const judgement = judge(text)
  if (text.length <= textCharsMax) {
    if (judged.size >= textsMax) judged.clear()
    judged.set(text, judgement)
  }
  return judgement
}

/** An app has a few hundred texts; one that puts its values into them has any number. */
const judged = new Map<string, boolean>()
const textsMax = 2_000
const textCharsMax = 4_000

const pieces =
  /\s+|--[^\n]*|\/\*(?:(?!\/\*)[\s\S])*?\*\/|'(?:[^'\\]|'')*'|"(?:[^"]|"")+"|\$\d+|\d[\w.]*|[a-z_\u0080-\uffff][\w\u0080-\uffff]*|[^'"\\$]/iy

function judge(text: string): boolean {
  let [first, last, beforeLast] = ['', '', '']
  let isOver = false
  pieces.lastIndex = 0
  while (pieces.lastIndex < text.length) {
    const piece = pieces.exec(text)?.[0]
    if (piece === undefined) return false
    if (isBlank(piece)) continue
    const word = piece.toLowerCase()
    if (isOver || isOfUnknownUse(word, last, beforeLast)) return false
    isOver = word === ';'
    if (first === '') first = word
    else if (reading.has(first) && writing.has(word)) return false
    beforeLast = last
    last = word
  }
  return reading.has(first) || passing.has(first)
}

const isBlank = (piece: string): boolean => /^(?:\s|--|\/\*)/.test(piece)

/** Whether a parenthesis opens the arguments of what may be anything. */
const isOfUnknownUse = (word: string, last: string, beforeLast: string): boolean =>
  word === '(' && isName(last) && (beforeLast === '.' || !harmless.has(last))

const isName = (word: string): boolean => /^["a-z_\u0080-\uffff]/.test(word)

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const reading = words('select values table with')

/** What changes nothing but the session and its transaction. COMMIT is not among them. */
const passing = words(
  'begin start savepoint release rollback abort set reset show listen unlisten deallocate',
)

const writing = words('insert update delete merge into')

/** What stands before a parenthesis in a statement that reads: words of SQL, types, and functions. */
const harmless = words(`
  select distinct on from join lateral where and or not in any all some exists array row values as over filter
  group by having order limit offset union intersect except with then else when case between like ilike is using
  within partition sets cube rollup materialized only grouping return tablesample
  cast char character varchar varying bit numeric decimal float time timestamp timestamptz interval
  abs array_agg array_append array_length array_position array_to_json array_to_string avg bool_and bool_or
  btrim cardinality ceil ceiling char_length coalesce concat concat_ws count cume_dist current_setting date
  date_bin date_part date_trunc decode dense_rank encode every exp extract first_value floor format
  generate_series greatest initcap json_agg json_array_elements json_array_length json_build_array
  json_build_object json_each json_object_agg json_strip_nulls json_typeof jsonb_agg jsonb_array_elements
  jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_exists
  jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_path_exists jsonb_path_query
  jsonb_path_query_array jsonb_path_query_first jsonb_set jsonb_strip_nulls jsonb_typeof lag last_value lead
  least left length ln log lower lpad ltrim make_date make_interval max md5 min mod mode now ntile nullif
  nth_value octet_length overlay percent_rank percentile_cont percentile_disc phraseto_tsquery plainto_tsquery
  position power random rank regexp_match regexp_matches regexp_replace regexp_split_to_array
  regexp_split_to_table repeat replace reverse right round row_number row_to_json rpad rtrim sign
  split_part sqrt stddev string_agg string_to_array strpos substr substring sum to_char to_date to_json
  to_jsonb to_number to_timestamp to_tsquery to_tsvector translate trim trunc ts_headline ts_rank ts_rank_cd
  unnest upper variance version websearch_to_tsquery width_bucket`)
