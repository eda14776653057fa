#include "tools/bench/servers.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace latchkey::benchmark {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr absl::Duration kStopTimeout = absl::Seconds(60);

}  // namespace

absl::StatusOr<std::unique_ptr<Latchkeyd>> Latchkeyd::Start(const Options& options, int core,
                                                            const std::string& folder,
                                                            const std::string& name) {
  std::unique_ptr<Latchkeyd> server(new Latchkeyd());
  server->program_ = options.latchkeyd;
  server->data_ = absl::StrCat(folder, "/", name);
  server->log_ = server->data_ + ".log";
  server->core_ = core;
  LATCHKEY_ASSIGN_OR_RETURN(server->address_, FreeAddress(options.transport, folder, name));
  const absl::StatusOr<std::string> printed =
      RunAndCapture({options.latchkeyd, "init", "--data", server->data_}, server->log_);
  if (!printed.ok()) return WithLog(printed.status(), server->log_);
  server->as_operator_.secret = std::string(absl::StripAsciiWhitespace(*printed));
  LATCHKEY_RETURN_IF_ERROR(server->Restart());
  return server;
}

absl::Status Latchkeyd::Restart() {
  ChildProcess::Options options;
  options.argv = {program_,   "serve",  "--data",      data_,
                  "--listen", address_, "--log-level", "warning"};
  options.log_file = log_;
  options.core = core_;
  LATCHKEY_ASSIGN_OR_RETURN(process_, ChildProcess::Start(options));
  return WithLog(WaitUntilAccepts(address_, *process_, kStartTimeout), log_);
}

absl::Status Latchkeyd::Stop() { return WithLog(process_->Stop(kStopTimeout), log_); }

absl::StatusOr<std::unique_ptr<EchoProcess>> EchoProcess::Start(const Options& options, int core,
                                                                const std::string& folder,
                                                                EchoApi api) {
  const bool callback = api == EchoApi::kCallback;
  const std::string name = callback ? "echo-callback" : "echo";
  LATCHKEY_ASSIGN_OR_RETURN(const std::string address,
                            FreeAddress(options.transport, folder, name));
  ChildProcess::Options child;
  child.argv = {"/proc/self/exe", "echo-server", "--listen", address};
  if (callback) child.argv.emplace_back("--callback");
  child.log_file = absl::StrCat(folder, "/", name, ".log");
  child.core = core;
  std::unique_ptr<EchoProcess> echo(new EchoProcess());
  LATCHKEY_ASSIGN_OR_RETURN(echo->process_, ChildProcess::Start(child));
  LATCHKEY_RETURN_IF_ERROR(
      WithLog(WaitUntilAccepts(address, *echo->process_, kStartTimeout), child.log_file));
  LATCHKEY_ASSIGN_OR_RETURN(echo->channels_, OpenChannels(address, "", options.channels));
  return echo;
}

}  // namespace latchkey::benchmark
