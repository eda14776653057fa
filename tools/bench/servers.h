#ifndef LATCHKEY_TOOLS_BENCH_SERVERS_H_
#define LATCHKEY_TOOLS_BENCH_SERVERS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/channels.h"
#include "tools/bench/options.h"
#include "tools/bench/process.h"

namespace latchkey::benchmark {

// The cores that the two sides keep to; -1: any.
struct Cores {
  int server = -1;
  int client = -1;
};

// The program under test, on a data folder of its own. Used by one thread.
class Latchkeyd {
 public:
  // Makes the data folder `name` in `folder`, and serves it.
  // INTERNAL: the program failed; the message has the end of its log.
  static absl::StatusOr<std::unique_ptr<Latchkeyd>> Start(const Options& options, int core,
                                                          const std::string& folder,
                                                          const std::string& name);

  const std::string& address() const { return address_; }
  const std::string& data() const { return data_; }
  const Metadata& as_operator() const { return as_operator_; }
  pid_t pid() const { return process_->pid(); }

  // Ends the program by SIGTERM, and by SIGKILL.
  absl::Status Stop();
  void Kill() { process_->Kill(); }

  // Starts the program again after its end, at the same address. Returns once it accepts
  // connections there.
  absl::Status Restart();

 private:
  Latchkeyd() = default;

  std::string program_;
  std::string data_;
  std::string log_;
  std::string address_;
  int core_ = -1;
  Metadata as_operator_;
  std::unique_ptr<ChildProcess> process_;
};

// This program as the server of the bare echo. Used by one thread.
class EchoProcess {
 public:
  static absl::StatusOr<std::unique_ptr<EchoProcess>> Start(const Options& options, int core,
                                                            const std::string& folder, EchoApi api);

  const Channels& channels() const { return channels_; }
  pid_t pid() const { return process_->pid(); }

 private:
  EchoProcess() = default;

  Channels channels_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_SERVERS_H_
