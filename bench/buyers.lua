-- For wrk: one prebuilt request per buyer of a file that `stampede mint` wrote, each thread its own
-- slice, so that nothing is built or shared while it measures.
--
--   wrk -t2 ... -s bench/buyers.lua URL -- FILE THREADS PRODUCT RUN [once]
--
-- RUN goes into the keys, so that each run is a new intent. With `once` a thread stops when its
-- slice is used up; otherwise it begins again. Ends with one line that scripts read:
--   result REQUESTS SECONDS CONNECT READ WRITE TIMEOUT STATUS P50_MS P99_MS
local threads = 0

function setup(thread)
  thread:set("index", threads)
  threads = threads + 1
end

function init(args)
  local file, count, product, run = args[1], tonumber(args[2]), args[3], args[4]
  once = args[5] == "once"
  requests = {}
  position = 0
  local line_number = 0
  for line in io.lines(file) do
    if line_number % count == index then
      local uid, sign = line:match("^(%d+) (%S+)")
      requests[#requests + 1] = "POST /check?productID=" .. product .. " HTTP/1.1\r\nHost: "
        .. wrk.host .. ":" .. wrk.port .. "\r\nCookie: uid=" .. uid .. "; sign=" .. sign
        .. "\r\nIdempotency-Key: bench-" .. run .. "-" .. string.format("%010d", uid)
        .. "\r\nContent-Length: 0\r\n\r\n"
    end
    line_number = line_number + 1
  end
end

function request()
  if position == #requests then
    if once then wrk.thread:stop() else position = 0 end
  end
  if position < #requests then position = position + 1 end
  return requests[position]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("result %d %.6f %d %d %d %d %d %.3f %.3f", summary.requests,
    summary.duration / 1e6, errors.connect, errors.read, errors.write, errors.timeout,
    errors.status, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
