#include "web/api.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"
#include "web/assets.h"
#include "web/charts_view.h"
#include "web/events_view.h"
#include "web/live_view.h"
#include "web/refusal.h"
#include "web/run_state.h"
#include "web/run_view.h"
#include "web/topology.h"

namespace xedgesim::web {
namespace {

/// The page may load what this server has, and nothing else from anywhere.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// report.html brings its own script: it runs in an origin of its own, where our token is not.
constexpr const char* kReportPolicy =
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'none'";
constexpr const char* kFilePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'";

http::Answer json_answer(const Json& j, unsigned status = 200) {
  return {.status = status, .body = to_text(j) + "\n", .headers = {{"Content-Security-Policy", kFilePolicy}}};
}

http::Answer refused(unsigned status, const std::string& sentence) {
  return json_answer({{"error", sentence}}, status);
}

const std::string& wanted(const http::Target& t, const char* name) {
  const std::string* value = t.find(name);
  if (!value || value->empty()) throw Refusal(400, fmt::format("the request needs `{}`", name));
  return *value;
}

uint64_t number_or_zero(const http::Target& t, const char* name) {
  const std::string* text = t.find(name);
  if (!text) return 0;
  uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc{} || end != text->data() + text->size())
    throw Refusal(400, fmt::format("`{}` is no number", name));
  return value;
}

Json topology_view(const Results& results, const std::string& id) {
  const StoredScenario stored = stored_scenario(results.run_folder(id));
  if (!stored.scenario) return {{"problem", stored.problem}};
  const Topology topology = topology_of(*stored.scenario);
  Json view = to_json(topology);
  view["problem"] = nullptr;
  view["svg"] = topology_svg(topology);
  return view;
}

}  // namespace

Api::Api(Config config)
    : config_(std::move(config)),
      results_(config_.results),
      access_(config_.token, config_.host_names),
      list_(results_) {
  routes_["/api/info"] = [this](const http::Target&) {
    return Json{{"version", config_.version},
                {"folder", results_.path().string()},
                {"charts", find_asset("uPlot.esm.js") != nullptr},
                {"graph", find_asset("cytoscape.esm.min.mjs") != nullptr}};
  };
  routes_["/api/runs"] = [this](const http::Target&) { return list_.list(); };
  routes_["/api/run"] = [this](const http::Target& t) {
    return run_view(results_, access_, wanted(t, "id"));
  };
  routes_["/api/batch"] = [this](const http::Target& t) { return batch(wanted(t, "id")); };
  routes_["/api/charts"] = [this](const http::Target& t) { return charts_view(results_, wanted(t, "id")); };
  routes_["/api/topology"] = [this](const http::Target& t) {
    return topology_view(results_, wanted(t, "id"));
  };
  routes_["/api/events"] = [this](const http::Target& t) { return events_view(results_, wanted(t, "id")); };
  routes_["/api/console"] = [this](const http::Target& t) {
    return console_view(results_, wanted(t, "id"), wanted(t, "node"), number_or_zero(t, "before"));
  };
  routes_["/api/compare"] = [this](const http::Target& t) {
    return comparison_view(results_, t.all("id"), t.find("all") != nullptr);
  };
  routes_["/api/live"] = [this](const http::Target& t) { return live_view(results_, wanted(t, "id")); };
  routes_["/api/systems"] = [this](const http::Target&) { return systems_view(config_.state_root); };
}

Json Api::batch(const std::string& id) const {
  const report::RunSet set = load_run(results_.run_folder(id));
  if (!set.batch) throw Refusal(404, fmt::format("'{}' holds no batch", id));
  Json runs = Json::array();
  for (const report::RunResults& r : set.runs)
    runs.push_back({{"id", (id == "." ? "" : id + "/") + r.name},
                    {"name", r.name},
                    {"variant", r.variant},
                    {"seed", r.seed},
                    {"status", r.status},
                    {"reason", r.reason},
                    {"wall_s", r.wall_s},
                    {"digest", text_member(r.summary, "digest")}});
  return {
      {"id", id}, {"name", set.name}, {"runs", std::move(runs)}, {"files", file_list(results_, access_, id)}};
}

http::Answer Api::page(const http::Target& target) const {
  const std::string_view name = target.path == "/" ? "index.html" : std::string_view(target.path).substr(1);
  const Asset* asset = find_asset(name);
  if (!asset) return refused(404, "there is no such page");
  return {.type = std::string(media_type(name)),
          .body = std::string(asset->content),
          .headers = {{"Content-Security-Policy", kPagePolicy}}};
}

http::Answer Api::download(const http::Target& target) const {
  const std::string file = target.path.substr(std::string_view("/files/").size());
  const std::string* key = target.find("key");
  if (!key || !access_.file_key_fits(file, *key))
    return refused(403,
                   "the link to this file is not from this server, or from an earlier one: reload the page");
  const std::string name = file.substr(file.rfind('/') + 1);
  if (!may_be_read(name))
    throw Refusal(404, fmt::format("there is nothing at '{}' in the folder of results", file));
  http::Answer a{.type = "application/octet-stream", .file = results_.open(file)};
  if (name == "report.html") {
    a.type = "text/html; charset=utf-8";
    a.headers = {{"Content-Security-Policy", kReportPolicy}};
    return a;
  }
  a.headers = {{"Content-Security-Policy", kFilePolicy},
               {"Content-Disposition", "attachment; filename*=UTF-8''" + http::escape_path(name)}};
  return a;
}

http::Answer Api::dispatch(const http::Request& request) {
  if (!access_.host_allowed(request.host))
    return refused(421,
                   "this server is not known under that name: use its address, or start it with --host-name");
  const auto target = http::parse_target(request.target);
  if (!target) return refused(400, "the request's target is malformed");
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (!get && request.method != "POST") return refused(405, "only GET, HEAD and POST are answered here");
  if (get && target->path.starts_with("/files/")) return download(*target);
  if (!target->path.starts_with("/api/")) return get ? page(*target) : refused(405, "this is read only");
  if (!access_.token_given(request.authorization))
    return refused(401, "the token is missing or wrong: open the address that `xedgesim serve` printed");
  if (get) {
    const auto route = routes_.find(target->path);
    if (route == routes_.end()) return refused(404, "there is no such request (docs/serve.md)");
    return json_answer(route->second(*target));
  }
  if (target->path != "/api/control") return refused(405, "this is read only");
  if (!http::Access::same_origin(request.origin, request.site, request.host))
    return refused(403, "the request comes from another page than this server's");
  if (!request.content_type.starts_with("application/json")) return refused(415, "send JSON");
  return json_answer(pass_on(results_, config_.state_root, request.body));
}

http::Answer Api::answer(const http::Request& request) {
  try {
    return dispatch(request);
  } catch (const Refusal& e) {
    return refused(e.status(), e.what());
  } catch (const Error& e) {
    return refused(422, e.what());
  } catch (const Json::exception& e) {
    return refused(422, fmt::format("the results are not as xedgesim writes them ({})", e.what()));
  } catch (const std::bad_alloc&) {
    return refused(500, "the host has no memory left for this");
  } catch (const std::exception& e) {
    return refused(500, e.what());
  }
}

}  // namespace xedgesim::web
