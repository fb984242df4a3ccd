#pragma once

namespace stampede::app {

/// Runs the command that the command line names and returns the exit code: 0, 1 if it was refused
/// or an audit found a breach, 2 for a command line or configuration that cannot be understood.
/// Throws what storage, keys and the system throw.
int run_cli(int argc, char** argv, const char* version);

}  // namespace stampede::app
