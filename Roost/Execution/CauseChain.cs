using System.Reflection;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>
/// What an exception and those within it say, so that a dead letter tells the cause and not only that there was one. Bounded, whatever the exceptions
/// are: deep, wide, in a circle, or throwing when they are asked.
/// </summary>
internal sealed class CauseChain
{
    private const int MostKept = 32, MostAtBottom = 8, MostRead = 10_000, MostFollowed = 100_000;
    private const int MostType = 500, MostMessage = 4_000, MostStack = 10_000, MostInAll = 60_000;

    /// <summary>An aggregate writes into its message those of all that are within it, as often as they are; beyond so many it is not asked.</summary>
    private const int MostInMessage = 1_000;

    private readonly List<(Exception Exception, int Depth, int Parent)> links = [];
    private readonly List<int> bottom = [];

    private CauseChain(Exception exception)
    {
        Read(exception, links);
        int leaf = Leaf();
        for (int at = leaf; at >= 0; at = links[at].Parent) bottom.Add(at);
    }

    public static CauseChain Of(Exception exception) => new(exception);

    /// <summary>
    /// The exception as a log can write it: that goes from one to the next within it by recursion, which a very deep one ends the process with.
    /// </summary>
    public static Exception? ForLog(Exception? exception) => exception is null || !HasMoreThan(MostInMessage, exception) ? exception
        : new RoostException($"{TypeOf(exception)} with more than {MostInMessage:N0} exceptions within; the item's last failure has what is kept of them.");

    public Failure ToFailure(string engine, string reason, int attempt)
    {
        Exception error = links[0].Exception, cause = links[bottom[0]].Exception;
        string type = TypeOf(error), message = MessageOf(error, FailureText.MostMessage);
        bool isWithin = bottom.Count > 1;
        string? causeType = isWithin ? TypeOf(cause) : null, causeMessage = isWithin ? MessageOf(cause, MostMessage) : null;
        return new(reason, type, message, StackOf(error, FailureText.MostStack), attempt)
        {
            CauseType = causeType,
            CauseMessage = causeMessage,
            Causes = FailureCauses.Write(SimpleData.Of(error), Causes(), links.Count - Math.Min(links.Count, MostKept)),
            Group = FailureShape.KeyOf(engine, reason, causeType ?? type, causeMessage ?? message),
        };
    }

    /// <summary>The exceptions within, each once, the outer before the inner.</summary>
    private static void Read(Exception exception, List<(Exception, int, int)> links)
    {
        var seen = new HashSet<Exception>(ReferenceEqualityComparer.Instance);
        var ahead = new Stack<(Exception, int Depth, int Parent)>([(exception, 0, -1)]);
        int followed = 0;
        while (ahead.TryPop(out (Exception Exception, int Depth, int Parent) next) && links.Count < MostRead)
        {
            if (!seen.Add(next.Exception)) continue;
            links.Add(next);
            Exception[] within = [.. Within(next.Exception).Take(MostFollowed - followed)];
            followed += within.Length;
            for (int i = within.Length - 1; i >= 0; i--) ahead.Push((within[i], next.Depth + 1, links.Count - 1));
        }
    }

    /// <summary>None of these properties is virtual: no code of the engine's runs.</summary>
    private static IEnumerable<Exception> Within(Exception exception) => exception switch
    {
        AggregateException many => many.InnerExceptions,
        ReflectionTypeLoadException load => load.LoaderExceptions.OfType<Exception>(),
        _ => exception.InnerException is { } inner ? [inner] : [],
    };

    private static bool HasMoreThan(int most, Exception exception)
    {
        var ahead = new Stack<Exception>([exception]);
        for (int count = 0; ahead.TryPop(out Exception? next); count++)
        {
            if (count >= most) return true;
            foreach (Exception within in Within(next).Take(most + 1)) ahead.Push(within);
        }
        return false;
    }

    /// <summary>The first exception with none within it that is not a cancellation: where one of several fails, the others are often cancelled.</summary>
    private int Leaf()
    {
        bool[] isOuter = new bool[links.Count];
        foreach ((_, _, int parent) in links)
            if (parent >= 0) isOuter[parent] = true;
        int first = Array.IndexOf(isOuter, false);
        int failed = links.FindIndex(first, link => link.Exception is not OperationCanceledException);
        while (failed >= 0 && isOuter[failed]) failed = links.FindIndex(failed + 1, link => link.Exception is not OperationCanceledException);
        return failed >= 0 ? failed : first;
    }

    /// <summary>The kept ones but for the outermost: those at the bottom, and of the others the first. The bottom has its texts first.</summary>
    private FailureCause[] Causes()
    {
        if (links.Count == 1) return [];
        int[] below = [.. bottom.Where(at => at > 0)];
        int[] kept = links.Count <= MostKept
            ? [.. Enumerable.Range(1, links.Count - 1)]
            : [.. below.Take(MostAtBottom).Concat(Enumerable.Range(1, links.Count - 1)).Distinct().Take(MostKept - 1).Order()];
        int left = MostInAll;
        var causes = new Dictionary<int, FailureCause>();
        foreach (int at in kept.OrderBy(at => at == bottom[0] ? 0 : at))
        {
            (Exception exception, int depth, _) = links[at];
            string message = MessageOf(exception, Math.Clamp(left, 0, MostMessage));
            left -= message.Length;
            string? stack = StackOf(exception, Math.Clamp(left, 0, MostStack));
            left -= stack?.Length ?? 0;
            IReadOnlyDictionary<string, string?> data = left > 0 ? SimpleData.Of(exception) : SimpleData.None;
            left -= data.Sum(pair => pair.Key.Length + (pair.Value?.Length ?? 0));
            causes[at] = new() { Depth = depth, Type = TypeOf(exception), Message = message, Stack = stack, Data = data };
        }
        return [.. kept.Select(at => causes[at])];
    }

    private static string TypeOf(Exception exception) => FailureText.Cut(exception.GetType().FullName ?? exception.GetType().Name, MostType)!;

    private static string MessageOf(Exception exception, int most) =>
        FailureText.Message(
            exception is AggregateException && HasMoreThan(MostInMessage, exception)
                ? "(an aggregate of very many exceptions)"
                : Asked(() => exception.Message),
            most
        );

    private static string? StackOf(Exception exception, int most) => FailureText.Cut(Asked(() => exception.StackTrace), most);

    /// <summary>What an exception says of itself; an engine's own may throw there, too.</summary>
    private static string? Asked(Func<string?> property)
    {
        try
        {
            return property();
        }
        catch (Exception e)
        {
            return $"(asking for it threw {e.GetType().FullName})";
        }
    }
}
