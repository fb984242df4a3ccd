#pragma once

namespace stampede::concurrency {

/// Lets the calling thread stand back behind the others of the machine: adds `steps`, 0 to 19, to
/// its niceness, up to 19. Linux keeps a niceness for each thread. Without the right to set it the
/// thread goes on as it was.
void stand_back(int steps);

}  // namespace stampede::concurrency
