#ifndef LATCHKEY_TESTS_SERVER_DAEMON_CHILD_PROCESS_H_
#define LATCHKEY_TESTS_SERVER_DAEMON_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace latchkey::testing {

// A program that a test runs. Killed at the end where it still runs.
class ChildProcess {
 public:
  // Starts `args[0]` with `args`; its output goes to two new files in `dir`.
  ChildProcess(const std::string& dir, const std::vector<std::string>& args);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Sends a signal.
  void Signal(int signal) const;

  // Waits for the end and returns the exit code, or -1 where a signal ended it.
  int Wait();

  // Returns whether it has ended.
  bool Ended();

  std::string Output() const;  // what it wrote to standard output so far
  std::string Errors() const;  // and to standard error

 private:
  std::string output_path_;
  std::string errors_path_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

std::string ReadWholeFile(const std::string& path);

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_DAEMON_CHILD_PROCESS_H_
