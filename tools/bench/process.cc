#include "tools/bench/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/status_macros.h"

namespace latchkey::benchmark {
namespace {

constexpr int kCannotRun = 127;
constexpr std::size_t kLogTail = 2000;

absl::Status ErrnoError(absl::string_view what) {
  const int error = errno;
  return absl::ErrnoToStatus(error, what);
}

// Moves a descriptor out of the way of the standard ones, which this process may not have.
absl::StatusOr<int> AboveStandardStreams(int fd) {
  if (fd > STDERR_FILENO) return fd;
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const absl::Status failed = moved < 0 ? ErrnoError("fcntl") : absl::OkStatus();
  close(fd);
  if (!failed.ok()) return failed;
  return moved;
}

absl::StatusOr<int> OpenLog(const std::string& path) {
  const int log = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (log < 0) return ErrnoError(path);
  return AboveStandardStreams(log);
}

// Returns a file in memory that holds `text`, to be read from its beginning.
absl::StatusOr<int> OpenInput(const std::string& text) {
  const int input = memfd_create("input", MFD_CLOEXEC);
  if (input < 0) return ErrnoError("memfd_create");
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(input, text.data() + done, text.size() - done);
    if (count < 0) {
      const absl::Status failed = ErrnoError("write");
      close(input);
      return failed;
    }
    done += static_cast<std::size_t>(count);
  }
  lseek(input, 0, SEEK_SET);
  return AboveStandardStreams(input);
}

cpu_set_t Only(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  return set;
}

// Forks and runs a program with these as its standard input, output and error. Between fork and
// exec only system calls are made, since other threads may hold locks.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& arguments, int input, int output,
                            int error, int core) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));  // execv() does not write to it
  }
  argv.push_back(nullptr);
  const cpu_set_t cores = Only(core < 0 ? 0 : core);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return ErrnoError("fork");
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kCannotRun);
  if (core >= 0) sched_setaffinity(0, sizeof(cores), &cores);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(error, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(kCannotRun);
}

absl::Status ExitStatus(const std::string& name, int wait_status) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return absl::OkStatus();
  if (WIFEXITED(wait_status)) {
    return absl::InternalError(absl::StrCat(name, " exited with ", WEXITSTATUS(wait_status)));
  }
  return absl::InternalError(absl::StrCat(name, " was ended by signal ", WTERMSIG(wait_status)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const Options& options) {
  LATCHKEY_ASSIGN_OR_RETURN(const int log, OpenLog(options.log_file));
  const absl::StatusOr<int> input = OpenInput(options.input);
  const absl::StatusOr<pid_t> pid = input.ok() ? Spawn(options.argv, *input, log, log, options.core)
                                               : absl::StatusOr<pid_t>(input.status());
  if (input.ok()) close(*input);
  close(log);
  if (!pid.ok()) return pid.status();
  return std::unique_ptr<ChildProcess>(new ChildProcess(*pid, options.argv[0]));
}

ChildProcess::~ChildProcess() { Kill(); }

bool ChildProcess::IsRunning() {
  if (!ended_) ended_ = waitpid(pid_, &wait_status_, WNOHANG) == pid_;
  return !ended_;
}

absl::Status ChildProcess::Stop(absl::Duration timeout) {
  if (IsRunning()) kill(pid_, SIGTERM);
  const absl::Time deadline = absl::Now() + timeout;
  while (IsRunning()) {
    if (absl::Now() > deadline) {
      Kill();
      return absl::DeadlineExceededError(
          absl::StrCat(name_, " did not end in ", absl::FormatDuration(timeout)));
    }
    absl::SleepFor(absl::Milliseconds(2));
  }
  return ExitStatus(name_, wait_status_);
}

void ChildProcess::Kill() {
  if (!IsRunning()) return;
  kill(pid_, SIGKILL);
  ended_ = waitpid(pid_, &wait_status_, 0) == pid_;
}

absl::StatusOr<std::string> RunAndCapture(const std::vector<std::string>& argv,
                                          const std::string& log_file) {
  std::array<int, 2> ends{};
  LATCHKEY_ASSIGN_OR_RETURN(const int log, OpenLog(log_file));
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    close(log);
    return ErrnoError("pipe");
  }
  const absl::StatusOr<pid_t> pid = Spawn(argv, STDIN_FILENO, ends[1], log, /*core=*/-1);
  close(ends[1]);
  close(log);
  std::string output;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 1; pid.ok() && count > 0;) {
    count = read(ends[0], buffer.data(), buffer.size());
    if (count > 0) output.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(ends[0]);
  if (!pid.ok()) return pid.status();
  int wait_status = 0;
  if (waitpid(*pid, &wait_status, 0) != *pid) return ErrnoError("waitpid");
  const absl::Status status = ExitStatus(argv[0], wait_status);
  if (!status.ok()) return status;
  return output;
}

absl::Status WithLog(const absl::Status& status, const std::string& log_file) {
  if (status.ok()) return status;
  std::ifstream file(log_file);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), "\n",
                                   text.substr(text.size() - std::min(text.size(), kLogTail))));
}

absl::StatusOr<absl::Duration> CpuTimeOf(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return absl::NotFoundError(absl::StrCat("no CPU clock of process ", pid));
  }
  return absl::DurationFromTimespec(time);
}

absl::Status PinToCore(int core) {
  if (core < 0) return absl::OkStatus();
  const cpu_set_t cores = Only(core);
  if (sched_setaffinity(0, sizeof(cores), &cores) != 0) return ErrnoError("sched_setaffinity");
  return absl::OkStatus();
}

absl::StatusOr<CorePair> UsableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(cores), &cores) != 0) return ErrnoError("sched_getaffinity");
  CorePair pair{-1, -1};
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(static_cast<std::size_t>(core), &cores)) continue;
    if (pair.first < 0) pair.first = core;
    pair.last = core;
  }
  if (pair.first == pair.last) {
    return absl::FailedPreconditionError("pinning takes two cores, and there is one");
  }
  return pair;
}

}  // namespace latchkey::benchmark
