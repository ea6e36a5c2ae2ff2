using Roost.Sqlite.Writing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A caller who blocks the thread on which it is told holds up nobody else for long.</summary>
[TestFixture]
internal sealed class DeliveryTests
{
    [Test]
    public async Task Callers_are_told_one_after_the_other_on_one_thread_of_the_pool()
    {
        var threads = new List<int>();
        var last = new TaskCompletionSource();

        new Delivery().Deliver([.. Enumerable.Range(0, 50).Select(_ => new Caller(Note)), new Caller(last.SetResult)]);
        await last.Task.Soon();

        threads.Should().HaveCount(50).And.OnlyContain(thread => thread == threads[0]);

        void Note()
        {
            Thread.CurrentThread.IsThreadPoolThread.Should().BeTrue();
            threads.Add(Environment.CurrentManagedThreadId);
        }
    }

    [Test]
    public async Task Those_behind_one_that_blocks_its_thread_are_told_once_the_writer_goes_on()
    {
        using var first = new BlockingCaller();
        var second = new TaskCompletionSource();
        var delivery = new Delivery();

        delivery.Deliver([first, new Caller(second.SetResult)]);
        await first.Reached.Soon();
        second.Task.IsCompleted.Should().BeFalse("one thread tells both");
        delivery.Disperse();

        await second.Task.Soon();
    }

    [Test]
    public async Task Those_of_the_next_transaction_are_told_though_one_of_the_last_blocks_its_thread()
    {
        using var first = new BlockingCaller();
        var next = new TaskCompletionSource();
        var delivery = new Delivery();

        delivery.Deliver([first]);
        await first.Reached.Soon();
        delivery.Deliver([new Caller(next.SetResult)]);

        await next.Task.Soon();
    }

    [Test]
    public async Task Everybody_is_told_once_whoever_comes_first()
    {
        var told = new int[2000];
        int left = told.Length;
        var all = new TaskCompletionSource();
        var delivery = new Delivery();

        for (int transaction = 0; transaction < told.Length / 20; transaction++)
        {
            int at = transaction * 20;
            delivery.Deliver([.. Enumerable.Range(at, 20).Select(i => new Caller(() =>
            {
                Interlocked.Increment(ref told[i]);
                if (Interlocked.Decrement(ref left) == 0) all.SetResult();
            }))]);
            if (transaction % 3 == 0) delivery.Disperse();
        }
        delivery.Disperse();
        await all.Task.Soon();

        told.Should().OnlyContain(times => times == 1);
    }

    private sealed class Caller(Action told) : IThreadPoolWorkItem
    {
        public void Execute() => told();
    }

    /// <summary>Blocks the thread on which it is told until it is disposed.</summary>
    private sealed class BlockingCaller : IThreadPoolWorkItem, IDisposable
    {
        private readonly TaskCompletionSource reached = new();
        private readonly ManualResetEventSlim release = new();

        public Task Reached => reached.Task;

        public void Execute()
        {
            reached.SetResult();
            release.Wait(Gate.Patience);
        }

        public void Dispose() => release.Set();
    }
}
