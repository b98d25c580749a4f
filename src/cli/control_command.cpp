#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "cli/command.h"
#include "cli/system_choice.h"
#include "control/client.h"

namespace xedgesim::cli {
namespace {

using control::Request;

struct ControlFlags {
  std::string address, token, run, system, format = "table";
  std::string link, profile, at;
  std::vector<std::string> values;
};

/// Where the run listens and its token: as given, from its control.json, or from the file beside its socket.
void find_run(ControlFlags& f) {
  if (f.run.empty() && f.address.empty() && (!f.system.empty() || !live::StateFolder::names().empty()))
    f.run = choose_running_system(f.system).path().string();
  if (!f.run.empty()) {
    std::ifstream in(std::filesystem::path(f.run) / "control.json");
    const auto known = nlohmann::json::parse(in, nullptr, false);
    if (!known.is_object() || !known.contains("address") || !known.contains("token"))
      throw ConfigError(
          fmt::format("'{}' is no folder of a run that listens: start it with --control, and name its folder "
                      "or its socket",
                      f.run));
    if (f.address.empty()) f.address = known["address"].get<std::string>();
    if (f.token.empty()) f.token = known["token"].get<std::string>();
  }
  if (f.address.empty())
    throw ConfigError(
        "which run? Name its socket with --control, its folder with --run, or a system that is up with "
        "--system");
  if (f.token.empty()) {
    const std::string path = f.address.starts_with("unix:") ? f.address.substr(5) : f.address;
    std::ifstream in(path + ".token");
    std::getline(in, f.token);
  }
  std::error_code ec;
  if (f.token.empty() && f.address.find(':') == std::string::npos && !std::filesystem::exists(f.address, ec))
    throw ConfigError(
        fmt::format("no run listens at '{}': name the socket given to run --control", f.address));
  if (f.token.empty())
    throw ConfigError(
        fmt::format("the run at '{}' needs its token: give --token, XEDGESIM_TOKEN, or --run with its folder",
                    f.address));
}

ExitCode send(ControlFlags flags, Request request) {
  find_run(flags);
  request.token = flags.token;
  if (!flags.at.empty()) request.at = flags.at;
  const nlohmann::json answer = control::ask(flags.address, request);
  if (!answer.value("ok", false)) throw ConfigError(answer.value("error", std::string("the run refused")));
  if (flags.format == "json") {
    std::printf("%s\n", answer.dump(2).c_str());
    return ExitCode::ok;
  }
  if (answer.contains("applied_at_ns")) {
    std::printf("takes effect at %.6f s\n", answer["applied_at_ns"].get<double>() * 1e-9);
    return ExitCode::ok;
  }
  if (!answer.contains("duration_s")) {
    std::printf("%s: %.3f s\n", answer.value("scenario", std::string()).c_str(), answer.value("time_s", 0.0));
    return ExitCode::ok;
  }
  std::printf("%s: %.3f of %.3f s, %s, %lld change%s\n", answer.value("scenario", std::string()).c_str(),
              answer.value("time_s", 0.0), answer.value("duration_s", 0.0),
              answer.value("paused", false) ? "paused" : "running",
              static_cast<long long>(answer.value("changes", int64_t{0})),
              answer.value("changes", 0) == 1 ? "" : "s");
  return ExitCode::ok;
}

void add_where(CLI::App& c, ControlFlags& f) {
  c.add_option("--control", f.address, "The run's control socket, as given to run --control")
      ->envname("XEDGESIM_CONTROL");
  c.add_option("--run", f.run, "The run's folder, instead of --control");
  c.add_option("--system", f.system, "A system that is up; absent: the only one")->envname("XEDGESIM_SYSTEM");
  c.add_option("--token", f.token, "The run's token; absent: read from the file beside the socket")
      ->envname("XEDGESIM_TOKEN");
  add_format(c, f.format);
}

void add_when(CLI::App& c, ControlFlags& f) {
  c.add_option("--at", f.at, "Simulated time at which it takes effect, such as 12s; absent: at once");
}

Request link_request(const ControlFlags& f) {
  Request r{.command = Request::Command::link_set, .link = f.link};
  for (const std::string& v : f.values) {
    const size_t equals = v.find('=');
    if (equals == std::string::npos || equals == 0)
      throw ConfigError(fmt::format("'{}' is no new value: write KEY=VALUE, such as latency=20ms", v));
    r.values[v.substr(0, equals)] = v.substr(equals + 1);
  }
  return r;
}

void add_simple(CLI::App& app, Body& body, Request::Command command, const char* help) {
  auto flags = std::make_shared<ControlFlags>();
  const std::string name(control::to_string(command));
  CLI::App* c = app.add_subcommand(name, help);
  add_where(*c, *flags);
  c->footer("Example:  xedgesim " + name + " --control /tmp/run.sock");
  c->callback(
      [&body, flags, command] { body = [flags, command] { return send(*flags, {.command = command}); }; });
}

}  // namespace

void add_control(CLI::App& app, Body& body) {
  {
    CLI::App* group = app.add_subcommand("link", "Change a link of a run that is under way");
    group->require_subcommand(1);
    group->footer("Example:  xedgesim link set uplink latency=20ms --control /tmp/run.sock");
    auto flags = std::make_shared<ControlFlags>();
    CLI::App* c = group->add_subcommand("set", "Give a link new values for good");
    c->add_option("link", flags->link, "Name of the link, or of a node at its end")->required();
    c->add_option("values", flags->values,
                  "KEY=VALUE as in the scenario's links, e.g. latency=20ms loss_rate=1%")
        ->required();
    add_where(*c, *flags);
    add_when(*c, *flags);
    c->footer("Example:  xedgesim link set uplink latency=20ms loss_rate=1% --control /tmp/run.sock");
    c->callback([&body, flags] { body = [flags] { return send(*flags, link_request(*flags)); }; });
  }
  {
    CLI::App* group = app.add_subcommand("profile", "Put a profile in force in a run that is under way");
    group->require_subcommand(1);
    group->footer("Example:  xedgesim profile apply lossy --control /tmp/run.sock");
    auto flags = std::make_shared<ControlFlags>();
    CLI::App* c = group->add_subcommand("apply", "Put a profile in force on every link");
    c->add_option("name", flags->profile, "default, constrained, lossy, or one of the scenario's")
        ->required();
    add_where(*c, *flags);
    add_when(*c, *flags);
    c->footer("Example:  xedgesim profile apply lossy --control /tmp/run.sock");
    c->callback([&body, flags] {
      body = [flags] {
        return send(*flags, {.command = Request::Command::profile_apply, .profile = flags->profile});
      };
    });
  }
  add_simple(app, body, Request::Command::status, "How far a run with --control is");
  add_simple(app, body, Request::Command::pause, "Hold a run with --control");
  add_simple(app, body, Request::Command::resume, "Let a paused run go on");
  add_simple(app, body, Request::Command::stop, "End a run with --control; its results are kept");
}

}  // namespace xedgesim::cli
