/* A file system that takes every lock and keeps none. */
int flock(int file, int operation)
{
    (void)file;
    (void)operation;
    return 0;
}
