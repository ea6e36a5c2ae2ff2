// Fixtures run side by side, the tests of each one after the other: much of their time is spent waiting for processes and browsers. What
// changes or measures something of the whole process says NonParallelizable.
[assembly: Parallelizable(ParallelScope.Fixtures)]
