using System.Reflection;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The rules that RoostRuntime's own documentation states about its members.</summary>
[TestFixture]
internal sealed class FaceTests
{
    private static readonly MethodInfo[] Members =
    [
        .. typeof(RoostRuntime)
            .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(it => !it.IsSpecialName),
    ];

    [Test]
    public void What_gets_gives_one_thing_and_what_lists_gives_many()
    {
        foreach (MethodInfo member in Members)
        {
            Type given = GivenBy(member);
            if (member.Name.StartsWith("Get", StringComparison.Ordinal)) IsMany(given).Should().BeFalse("{0} gives {1}", member.Name, given);
            if (member.Name.StartsWith("List", StringComparison.Ordinal)) IsMany(given).Should().BeTrue("{0} gives {1}", member.Name, given);
        }
        Members.Count(member => member.Name.StartsWith("List", StringComparison.Ordinal)).Should().BeGreaterThan(10);
    }

    [Test]
    public void A_page_is_asked_for_by_a_limit_and_a_cursor()
    {
        MethodInfo[] paging =
        [
            .. Members.Where(member => GivenBy(member) is { IsGenericType: true } given && given.GetGenericTypeDefinition() == typeof(Page<>)),
        ];

        paging.Select(member => member.Name).Should().BeEquivalentTo(
            "ListAsync", "ListDeadLettersAsync", "ListArtifactsAsync", "ListResourcesAsync", "ListSignalsAsync", "ListAsksAsync", "ListPausesAsync",
            "ListEffectsAsync", "ListStreamsAsync");
        paging
            .Should()
            .OnlyContain(member => member.GetParameters().Reverse().Skip(1).Take(2).Select(it => it.Name).SequenceEqual(new[] { "cursor", "limit" }));
    }

    [Test]
    public void Whatever_is_asynchronous_takes_a_token_last()
    {
        IEnumerable<MethodInfo> asynchronous = Members
            .Concat(typeof(Workspace).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(member => member.Name.EndsWith("Async", StringComparison.Ordinal) && member.Name != nameof(RoostRuntime.DisposeAsync));

        foreach (MethodInfo member in asynchronous)
        {
            ParameterInfo last = member.GetParameters()[^1];
            last.ParameterType.Should().Be<CancellationToken>("{0} has it", member.Name);
            last.HasDefaultValue.Should().Be(member.Name != nameof(RoostRuntime.RunAsync), "{0} has a default for it", member.Name);
        }
    }

    [Test]
    public async Task A_change_whose_token_was_cancelled_before_is_not_made()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("no")));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "dead" });
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "late", Delay = TimeSpan.FromHours(1) });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "over" });
        await roost.CancelAsync("over");
        long last = await roost.GetLastSequenceAsync();
        var over = new CancellationToken(canceled: true);

        foreach (Func<Task> change in (Func<Task>[])
            [
                () => roost.EnqueueAsync(new WorkItem("scripted"), over), () => roost.EnqueueAsync([new WorkItem("scripted")], over),
                () => roost.CancelAsync("late", cancellationToken: over), () => roost.RequeueNowAsync("late", cancellationToken: over),
                () => roost.PauseAsync(PauseTarget.Item("late"), "why", "who", cancellationToken: over),
                () => roost.ResumeAsync(PauseTarget.Item("late"), "who", cancellationToken: over),
                () => roost.SetPriorityAsync("late", 7, cancellationToken: over), () => roost.ReleaseLeaseAsync("late", cancellationToken: over),
                () => roost.RetryAsync("dead", cancellationToken: over), () => roost.DiscardAsync("dead", cancellationToken: over),
                () => roost.RetryAsync("dead", JsonEdit.From(1), cancellationToken: over),
                () => roost.RunAgainAsync("over", cancellationToken: over), () => roost.AdoptAsync(cancellationToken: over),
            ])
            await change.Should().ThrowAsync<OperationCanceledException>();

        (await roost.GetLastSequenceAsync()).Should().Be(last);
        (await roost.GetAsync("late")).Summary.Priority.Should().Be(0);
    }

    private static Type GivenBy(MethodInfo member)
    {
        Type type = member.ReturnType;
        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>) ? type.GenericTypeArguments[0] : type;
    }

    private static bool IsMany(Type type) =>
        type == typeof(EventPage) || type == typeof(DeadLetterGroupList)
        || (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Page<>) || type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)));
}
