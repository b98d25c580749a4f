// The server as a browser meets it, and as somebody does who is none.
#include <chrono>

#include "base/error.h"
#include "base/rng.h"
#include "served_results.h"

namespace xedgesim::web {
namespace {

TEST_F(ServedResults, TheListHasRunsAndBatches) {
  results_.run("demo/2025-01-13_10-00-00", 1, 0.9, 5, 2);
  results_.run("demo/2025-01-14_10-00-00", 2, 0.9, 5, 2);
  std::filesystem::create_directory_symlink("2025-01-14_10-00-00", results_.path() / "demo/latest");
  results_.write(
      "sweep/batch.json",
      R"({"batch":"sweep","runs":[{"name":"a","variant":"a","seed":"1","status":"passed","overrides":[],"parameters":{}}]})");
  results_.run("sweep/a", 1, 0.9, 5, 2);
  serve();
  const HttpReply reply = get("/api/runs");
  ASSERT_EQ(reply.status, 200u) << reply.body;
  const Json list = reply.json();
  ASSERT_EQ(list["runs"].size(), 3u) << "`latest` is no run of its own";
  EXPECT_EQ(list["runs"][0]["id"], "demo/2025-01-14_10-00-00") << "newest first";
  EXPECT_EQ(list["runs"][0]["scenario"], "demo");
  EXPECT_EQ(list["runs"][0]["started"], "2025-01-14 10:00:00");
  EXPECT_EQ(list["runs"][0]["status"], "passed");
  EXPECT_EQ(list["runs"][0]["assertions_passed"], 1);
  EXPECT_EQ(list["runs"][2]["batch"], "sweep");
  ASSERT_EQ(list["batches"].size(), 1u);
  EXPECT_EQ(list["batches"][0]["statuses"]["passed"], 1);
  EXPECT_EQ(get("/api/batch?id=sweep").json()["runs"][0]["id"], "sweep/a");
  // What changes is read again.
  results_.write("demo/2025-01-14_10-00-00/summary.json", R"({"scenario":"renamed","status":"failed"})");
  EXPECT_EQ(get("/api/runs").json()["runs"][0]["scenario"], "renamed");
}

TEST_F(ServedResults, ARunHasAllItsParts) {
  results_.run("r", 1, 0.9, 5, 2);
  results_.write("r/consoles/vib_2.log", "two\n");
  results_.write("r/consoles/vib_10.log", "ten\n");
  results_.write("r/capture.pcapng", std::string("\0\1\2", 3));
  serve();
  const Json run = get("/api/run?id=r").json();
  EXPECT_EQ(run["table"]["rows"][0], Json({"scenario", "demo"}));
  EXPECT_EQ(run["assertions"][0]["line"], "✅ PASS: <ml_accuracy>");
  EXPECT_EQ(run["hops"]["rows"][0][0], "air");
  EXPECT_EQ(run["consoles"][0]["name"], "vib_2") << "in natural order";
  const Json charts = get("/api/charts?id=r").json();
  std::vector<std::string> ids;
  for (const Json& c : charts["charts"]) ids.push_back(c["id"]);
  EXPECT_NE(std::find(ids.begin(), ids.end(), "latency_by_hop"), ids.end());
  EXPECT_NE(std::find(ids.begin(), ids.end(), "energy_over_time"), ids.end());
  const Json events = get("/api/events?id=r").json();
  EXPECT_EQ(events["events"][0]["time_s"], 2.5);
  EXPECT_EQ(events["counts"]["log"], 1);
  EXPECT_EQ(get("/api/console?id=r&node=vib_2").json()["text"], "two\n");
  const HttpReply file = get(link("r", "capture.pcapng"), {});
  EXPECT_EQ(file.status, 200u);
  EXPECT_EQ(file.body, std::string("\0\1\2", 3));
  EXPECT_NE(file.header("Content-Disposition").find("attachment"), std::string::npos);
}

TEST_F(ServedResults, TheRunsOwnReportRunsWithoutOurOrigin) {
  results_.run("r", 1, 0.9, 5, 2);
  results_.write("r/report.html", "<!DOCTYPE html><script>localStorage</script>");
  serve();
  const HttpReply report = get(link("r", "report.html"), {});
  EXPECT_EQ(report.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(report.header("Content-Security-Policy").starts_with("sandbox allow-scripts;"));
  EXPECT_EQ(report.header("Content-Security-Policy").find("allow-same-origin"), std::string::npos);
}

TEST_F(ServedResults, TwoRunsSideBySide) {
  results_.run("a", 1, 0.9, 5, 2);
  results_.run("b", 2, 0.8, 6, 2);
  serve();
  const Json both = get("/api/compare?id=a&id=b").json();
  EXPECT_EQ(both["columns"][0]["name"], "demo [a]") << both.dump();
  bool accuracy = false;
  for (const Json& row : both["figures"]["rows"]) accuracy = accuracy || row[0] == "ml_accuracy";
  EXPECT_TRUE(accuracy);
  EXPECT_FALSE(both["charts"].empty());
  EXPECT_EQ(get("/api/compare?id=a").status, 400u);
  EXPECT_EQ(get("/api/compare?id=a&id=nothing").status, 404u);
}

TEST_F(ServedResults, NothingWithoutTheToken) {
  results_.run("r", 1, 0.9, 5, 2);
  serve();
  for (const char* target : {"/api/runs", "/api/run?id=r", "/api/info", "/api/nothing", "/api/systems"}) {
    EXPECT_EQ(get(target, {}).status, 401u) << target;
    EXPECT_EQ(get(target, {{"Authorization", "Bearer 0123456789abcdef0123456789abcdee"}}).status, 401u);
    EXPECT_EQ(get(std::string(target) + "?token=" + kToken, {}).status, 401u) << "not in the address";
  }
  EXPECT_EQ(
      http_request(address(), "POST", "/api/control", {{"Content-Type", "application/json"}}, "{}").status,
      401u);
  EXPECT_EQ(get("/files/r/summary.json", {}).status, 403u);
  EXPECT_EQ(get("/files/r/summary.json?key=" + std::string(64, '0')).status, 403u);
  const std::string other = link("r", "summary.json");
  EXPECT_EQ(get("/files/r/spans.csv" + other.substr(other.find('?')), {}).status, 403u)
      << "the key of another file";
  // The page itself holds nothing.
  EXPECT_EQ(get("/", {}).status, 200u);
  EXPECT_EQ(get("/", {}).body.find(kToken), std::string::npos);
}

TEST_F(ServedResults, NotUnderAForeignName) {
  serve();
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""}) {
    Headers headers = token();
    headers.emplace_back("Host", host);
    EXPECT_EQ(get("/api/runs", headers).status, 421u) << host;
    EXPECT_EQ(get("/", {{"Host", host}}).status, 421u) << host;
  }
  Headers known = token();
  known.emplace_back("Host", "lab.example:8080");
  EXPECT_EQ(get("/api/runs", known).status, 200u);
}

TEST_F(ServedResults, EveryAnswerForbidsWhatAPageMustNotDo) {
  results_.run("r", 1, 0.9, 5, 2);
  serve();
  for (const std::string& target :
       {std::string("/"), std::string("/api/runs"), std::string("/nothing"), link("r", "summary.json")}) {
    const HttpReply reply = get(target);
    EXPECT_NE(reply.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos)
        << target;
    EXPECT_EQ(reply.header("Content-Security-Policy").find("http"), std::string::npos)
        << "nothing from elsewhere";
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "");
  }
}

TEST_F(ServedResults, NoWayOutOfTheFolder) {
  results_.run("r", 1, 0.9, 5, 2);
  std::filesystem::create_directory_symlink("/etc", results_.path() / "etc");
  results_.run("linked", 1, 0.9, 5, 2);
  std::filesystem::remove(results_.path() / "linked/events.jsonl");
  std::filesystem::create_symlink("/etc/passwd", results_.path() / "linked/events.jsonl");
  serve();
  for (const char* id : {"../", "..%2f..%2fetc", "%2e%2e", "/etc", "r/../..", "r%00"})
    EXPECT_EQ(get(std::string("/api/run?id=") + id).status, 400u) << id;
  EXPECT_EQ(get("/api/run?id=etc").status, 404u);
  EXPECT_EQ(get("/api/run?id=linked").status, 403u);
  EXPECT_EQ(get("/api/charts?id=linked").status, 403u);
  EXPECT_EQ(get("/api/events?id=linked").json()["events"].size(), 0u);
  EXPECT_EQ(get("/api/console?id=r&node=..%2fsummary").status, 400u);
  for (const char* file : {"../../../etc/passwd", "etc/passwd", "linked/events.jsonl", "r"}) {
    const std::string key = "?key=" + api_->access().file_key(file);
    const unsigned status = get("/files/" + std::string(file) + key, {}).status;
    EXPECT_TRUE(status == 400 || status == 404) << file << " " << status;
  }
  for (const char* target : {"/../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd", "/index.html/../../x"})
    EXPECT_EQ(get(target).status, 404u) << target;
}

TEST_F(ServedResults, BrokenResultsAreShownWithASentence) {
  results_.run("cut", 1, 0.9, 5, 2);
  results_.write("cut/summary.json", "{\"scenario\": \"x\", ");
  results_.write("list/summary.json", "[1, 2]");
  results_.write(
      "types/summary.json",
      R"({"scenario":"t","status":"completed","digest":7,"summary":[],"hops":3,"per_device":{"a":1},)"
      R"("assertions":{"x":1},"host":"no","energy_by_cause_mJ":{"a":"b"}})");
  results_.write("deep/summary.json", std::string(200'000, '[') + std::string(200'000, ']'));
  results_.write("killed/summary.json",
                 R"({"status":"interrupted","reason":"the run did not reach its end"})");
  results_.write("killed/cross_tier_metrics.csv",
                 "time_us,cumulative_energy_uJ\n1000000,5.0\n2000000,7.0\n30000");
  results_.write(
      "killed/events.jsonl",
      "{\"time_us\":5,\"type\":\"reset\",\"node\":\"a\"}\nnonsense\n[]\n{\"time_us\":\"x\"}\n{\"ty");
  results_.write("killed/scenario.resolved.yaml", "scenario: {name: [}");
  results_.write("sweep/batch.json", "{\"batch\":");
  serve();
  const Json list = get("/api/runs").json();
  ASSERT_EQ(list["runs"].size(), 5u);
  for (const Json& run : list["runs"])
    if (run["id"] == "cut" || run["id"] == "list" || run["id"] == "deep") {
      EXPECT_EQ(run["status"], "unreadable") << run.dump();
      EXPECT_NE(run["problem"].get<std::string>().find("summary.json"), std::string::npos);
    }
  EXPECT_NE(list["batches"][0].value("problem", "").find("batch.json"), std::string::npos);
  for (const char* id : {"cut", "list", "types", "deep", "killed"}) {
    EXPECT_EQ(get(std::string("/api/run?id=") + id).status, 200u) << id;
    for (const char* what : {"charts", "events", "topology"}) {
      const HttpReply reply = get(std::string("/api/") + what + "?id=" + id);
      EXPECT_TRUE(reply.status == 200 || reply.json().contains("error")) << id << " " << what << reply.body;
      EXPECT_LT(reply.status, 500u) << id << " " << what << reply.body;
    }
  }
  const Json killed = get("/api/run?id=killed").json();
  EXPECT_EQ(killed["status"], "unfinished");
  EXPECT_TRUE(killed.contains("quiet_s"));
  const Json charts = get("/api/charts?id=killed").json();
  ASSERT_EQ(charts["charts"].size(), 1u) << charts.dump();
  EXPECT_EQ(charts["charts"][0]["series"][0]["y"], Json({0.005, 0.007})) << "the cut line is left out";
  EXPECT_EQ(get("/api/events?id=killed").json()["events"].size(), 2u);
  EXPECT_FALSE(get("/api/topology?id=killed").json()["problem"].get<std::string>().empty());
  EXPECT_EQ(get("/api/batch?id=sweep").status, 422u);
}

TEST_F(ServedResults, MethodsAndSizesAreBounded) {
  serve();
  for (const char* method : {"PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"})
    EXPECT_EQ(http_request(address(), method, "/api/runs", token()).status, 405u) << method;
  EXPECT_EQ(http_request(address(), "POST", "/api/runs", token(), "{}").status, 405u);
  EXPECT_EQ(http_request(address(), "POST", "/", token(), "{}").status, 405u);
  EXPECT_EQ(http_request(address(), "HEAD", "/", {}).body, "");
  EXPECT_EQ(get("/api/info?x=" + std::string(9000, 'a')).status, 400u);
  EXPECT_EQ(get("/", {{"X", std::string(20'000, 'a')}}).status, 431u);
  EXPECT_TRUE(
      raw_exchange(address(),
                   "POST /api/control HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
          .starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(raw_exchange(address(), "nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(raw_exchange(address(), "GET http://x/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .starts_with("HTTP/1.1 400"));
}

TEST_F(ServedResults, ChangesComeFromItsOwnPageOnly) {
  results_.run("r", 1, 0.9, 5, 2);
  serve();
  const Json pause{{"run", "r"}, {"command", "pause"}};
  EXPECT_EQ(post(pause, {{"Origin", "http://evil.example"}}).status, 403u);
  EXPECT_EQ(post(pause, {{"Origin", "null"}}).status, 403u);
  EXPECT_EQ(post(pause, {{"Sec-Fetch-Site", "cross-site"}}).status, 403u);
  EXPECT_EQ(http_request(address(), "POST", "/api/control", token(), pause.dump()).status, 415u);
  EXPECT_EQ(post(pause, {{"Origin", "http://" + address()}, {"Sec-Fetch-Site", "same-origin"}}).status, 409u)
      << "the run has ended";
  EXPECT_EQ(post({{"run", "r"}, {"command", "explode"}}).status, 400u);
  EXPECT_EQ(post({{"run", "../x"}, {"command", "pause"}}).status, 400u);
  EXPECT_EQ(post({{"command", "pause"}}).status, 400u);
  EXPECT_EQ(post({{"system", "none"}, {"command", "stop"}}).status, 400u);
  EXPECT_EQ(post({{"system", "../../x"}, {"command", "profile apply"}, {"profile", "lossy"}}).status, 409u);
  EXPECT_EQ(post(Json::array()).status, 400u);
}

TEST_F(ServedResults, NoAddressIsTrustedThatOthersCouldHaveWritten) {
  results_.run("r", 1, 0.9, 5, 2);
  const auto claim = [&](const std::string& address, std::filesystem::perms perms) {
    results_.write("r/control.json", Json{{"address", address}, {"token", "t"}, {"pid", getpid()}}.dump());
    std::filesystem::permissions(results_.path() / "r/control.json", perms);
  };
  serve();
  using std::filesystem::perms;
  claim("tcp:127.0.0.1:1", perms::owner_read | perms::others_read);
  EXPECT_EQ(post({{"run", "r"}, {"command", "pause"}}).status, 409u) << "readable by others";
  claim("tcp:192.0.2.1:80", perms::owner_read);
  EXPECT_EQ(post({{"run", "r"}, {"command", "pause"}}).status, 409u) << "not on this machine";
  claim("unix:/nonexistent", perms::owner_read);
  EXPECT_EQ(post({{"run", "r"}, {"command", "pause"}}).status, 502u) << "nobody there";
  EXPECT_FALSE(get("/api/live?id=r").json()["live"].get<bool>());
  // Neither listed nor to be had, by whatever key.
  EXPECT_EQ(link("r", "control.json"), "");
}

TEST_F(ServedResults, ASlowPeerIsLetGoAndHoldsUpNobody) {
  results_.run("r", 1, 0.9, 5, 2);
  serve(Duration::ms(400));
  boost::asio::io_context io;
  std::vector<boost::asio::ip::tcp::socket> slow;
  for (size_t i = 0; i < http::HttpServer::kMostPeers - 1; ++i) {
    slow.push_back(connected(io, address()));
    boost::asio::write(slow.back(), boost::asio::buffer(std::string("GET / HTTP/1.1\r\nHo")));
  }
  EXPECT_EQ(get("/api/runs").status, 200u) << "one place is left";
  std::string rest;
  boost::system::error_code ec;
  boost::asio::read(slow.front(), boost::asio::dynamic_buffer(rest), ec);  // blocks until it is let go
  for (auto& s : slow) boost::asio::read(s, boost::asio::dynamic_buffer(rest), ec);
  EXPECT_EQ(get("/api/runs").status, 200u);
}

TEST_F(ServedResults, MorePeersThanItServesAreToldToComeAgain) {
  serve();
  boost::asio::io_context io;
  std::vector<boost::asio::ip::tcp::socket> peers;
  for (size_t i = 0; i < http::HttpServer::kMostPeers; ++i) peers.push_back(connected(io, address()));
  EXPECT_TRUE(raw_exchange(address(), "").starts_with("HTTP/1.1 503"));
  peers.clear();
  for (int i = 0; i < 200; ++i) {
    if (raw_exchange(address(), "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 200"))
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  FAIL() << "it serves nobody any more";
}

TEST_F(ServedResults, RandomBytesDoNotBringItDown) {
  serve();
  RandomStream r(20, "fuzz", "http");
  const std::string good = "GET /api/run?id=r HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                           std::string(kToken) + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  for (int i = 0; i < 400; ++i) {
    std::string bytes = i % 4 == 0 ? std::string(r.below(300), 'x') : good;
    for (uint32_t n = 1 + r.below(6); n > 0 && !bytes.empty(); --n)
      bytes[r.below(static_cast<uint32_t>(bytes.size()))] = static_cast<char>(r());
    raw_exchange(address(), bytes);
  }
  EXPECT_EQ(get("/api/info").status, 200u);
}

}  // namespace
}  // namespace xedgesim::web
