# What the binary carries inside it (see cmake/embed.cmake).
