#include "tests/support/precompiled/test_headers.h"
