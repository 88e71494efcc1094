// The command line as a whole: parsing, dispatch, errors and exit codes.
#pragma once

namespace errata::cli {

// Runs one command and returns the exit code: 0, or ErrorCategory's value. Everything that is
// thrown below is caught and shown here.
int run(int argc, char** argv);

}  // namespace errata::cli
