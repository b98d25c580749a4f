#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "control/server.h"
#include "http/http_server.h"
#include "live/state_folder.h"
#include "web/api.h"

namespace xedgesim::cli {
namespace {

struct ServeFlags {
  std::string results = "results", listen = "127.0.0.1:0";
  std::vector<std::string> host_names;
};

ExitCode serve(const ServeFlags& flags) {
  // Other users see a program's arguments, so there is no option for it.
  const char* const given = std::getenv("XEDGESIM_SERVE_TOKEN");
  const std::string token = given && *given ? given : new_secret(control::kTokenBytes);
  if (token.size() < 16)
    throw ConfigError("XEDGESIM_SERVE_TOKEN is too short to be a secret: give it 16 characters or more");
  const std::atomic<bool>& stop = watch_interrupts();
  std::signal(SIGPIPE, SIG_IGN);
  web::Api api({.results = flags.results,
                .state_root = live::StateFolder::root(),
                .token = token,
                .version = kVersion,
                .host_names = flags.host_names});
  http::HttpServer server(flags.listen, [&](const http::Request& r) { return api.answer(r); });
  std::printf("Results of '%s' are at\n  http://%s/#token=%s\nCtrl-C ends it.\n", flags.results.c_str(),
              server.address().c_str(), api.access().token().c_str());
  std::fflush(stdout);
  if (!server.loopback_only())
    std::fprintf(stderr,
                 "This address can be reached from other hosts, and HTTP is not encrypted: who sees the "
                 "traffic sees the "
                 "token.\n");
  server.run([&] { return stop.load(std::memory_order_relaxed); });
  return ExitCode::ok;
}

}  // namespace

void add_serve(CLI::App& app, Body& body) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* c = app.add_subcommand("serve", "Show results and runs under way in a browser");
  c->add_option("results", flags->results,
                "Folder of results: of all, of a scenario, of a batch, or of one run")
      ->envname("XEDGESIM_RESULTS")
      ->capture_default_str();
  c->add_option("--listen", flags->listen, "ADDRESS:PORT; port 0: any that is free")
      ->envname("XEDGESIM_LISTEN")
      ->capture_default_str();
  c->add_option("--host-name", flags->host_names,
                "Name under which browsers reach this host, besides its addresses (repeatable)")
      ->allow_extra_args(false)
      ->envname("XEDGESIM_HOST_NAME");
  c->footer("Example:  xedgesim serve results");
  c->callback([&body, flags] { body = [flags] { return serve(*flags); }; });
}

}  // namespace xedgesim::cli
