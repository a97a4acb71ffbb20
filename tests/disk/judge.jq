# A DiskReport against $truth: a line for each figure: what, ok or not, the error ("-": it was not found, "none": there is
# nothing to be off), its limit, and the figure in words.
# $truth holds what the bed was made with, in bytes and seconds: sustained, burst, bucket, knee, cap; what it has not must
# not be claimed. A cap of 0: several volumes, and nothing in common.

def round2: (. * 100 | round) / 100;
def mega: "\((. / 1e4 | round) / 100) MB";

def near($what; $have; $want; $percent; $per):
  if $have == null then [$what, "not ok", "-", $percent, "none was found"]
  else (($have / $want - 1) * 100) as $off
    | [$what, (if $off <= $percent and $off >= -$percent then "ok" else "not ok" end), ($off | round2), $percent,
       "\($have | mega)\($per) for \($want | mega)\($per)"]
  end;

def near_seconds($what; $have; $want; $limit):
  if $have == null then [$what, "not ok", "-", $limit, "none was found"]
  else ($have - $want) as $off
    | [$what, (if $off <= $limit and $off >= -$limit then "ok" else "not ok" end), ($off | round2), $limit,
       "\($have | round2) s for \($want | round2) s"]
  end;

def absent($what; $have):
  [$what, (if $have == null then "ok" else "not ok" end), "none", 0, (if $have == null then "none" else "\($have) was claimed" end)];

def volume:
  if $truth.sustained then near("sustained"; .write.sustained.value; $truth.sustained; 2; "/s") else empty end,
  if $truth.burst then
    near("burst"; .write.burst.value; $truth.burst; 2; "/s"),
    near("bucket"; .write.bucketBytes; $truth.bucket; 5; ""),
    near_seconds("knee"; .write.kneeSeconds; $truth.knee; 1)
  else absent("knee"; .write.kneeSeconds) end;

def node:
  if $truth.cap == null then empty
  elif $truth.cap > 0 then
    near("cap"; .node.write.cap; $truth.cap; 3; "/s"),
    ["verdict", (if .node.write.verdict == "shared" then "ok" else "not ok" end), "none", 0, .node.write.verdict]
  else
    absent("cap"; .node.write.cap),
    ["verdict", (if .node.write.verdict == "none" then "ok" else "not ok" end), "none", 0, .node.write.verdict]
  end;

def duration:
  (30 + 30 * (.volumes | length)) as $limit
  | ["time", (if .elapsedSeconds <= $limit then "ok" else "not ok" end), (.elapsedSeconds | round2), $limit,
     "\(.elapsedSeconds | round2) s of \($limit) s"];

(if $truth.cap == null then .volumes[] | volume else empty end), node, duration | @tsv
