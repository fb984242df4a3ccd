#include "tests/support/precompiled/room_test_headers.h"
