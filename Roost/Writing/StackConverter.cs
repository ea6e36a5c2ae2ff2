using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Roost.Writing;

/// <summary>Stacks, written from the top down as ever, and read back with the same element on top: System.Text.Json alone turns them over.</summary>
internal sealed class StackConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => Converters.ContainsKey(Definition(typeToConvert));

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Asked for through reflection-based metadata alone.")]
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The converters are named below.")]
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(Converters[Definition(typeToConvert)].MakeGenericType(typeToConvert.GetGenericArguments()))!;

    /// <summary>A stack, or a type that derives from one: what the serializer's own reading would turn over.</summary>
    public static bool IsStack(Type type)
    {
        for (Type? each = type; each is not null; each = each.BaseType)
            if (Converters.ContainsKey(Definition(each))) return true;
        return type == typeof(System.Collections.Stack);
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static readonly Dictionary<Type, Type> Converters = new()
    {
        [typeof(Stack<>)] = typeof(Plain<>),
        [typeof(ConcurrentStack<>)] = typeof(Concurrent<>),
        [typeof(ImmutableStack<>)] = typeof(Immutable<>),
        [typeof(IImmutableStack<>)] = typeof(AnyImmutable<>),
    };

    private abstract class Of<TStack, T> : JsonConverter<TStack>, IElements where TStack : IEnumerable<T>
    {
        public Type Element => typeof(T);

        protected abstract TStack Make(List<T> fromTheBottom);

        public override TStack? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            List<T> elements = JsonSerializer.Deserialize<List<T>>(ref reader, options) ?? [];
            elements.Reverse();
            return Make(elements);
        }

        public override void Write(Utf8JsonWriter writer, TStack value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (T element in value) JsonSerializer.Serialize(writer, element, options);
            writer.WriteEndArray();
        }
    }

    private sealed class Plain<T> : Of<Stack<T>, T>
    {
        protected override Stack<T> Make(List<T> fromTheBottom) => new(fromTheBottom);
    }

    private sealed class Concurrent<T> : Of<ConcurrentStack<T>, T>
    {
        protected override ConcurrentStack<T> Make(List<T> fromTheBottom) => new(fromTheBottom);
    }

    private sealed class Immutable<T> : Of<ImmutableStack<T>, T>
    {
        protected override ImmutableStack<T> Make(List<T> fromTheBottom) => ImmutableStack.CreateRange(fromTheBottom);
    }

    private sealed class AnyImmutable<T> : Of<IImmutableStack<T>, T>
    {
        protected override IImmutableStack<T> Make(List<T> fromTheBottom) => ImmutableStack.CreateRange(fromTheBottom);
    }
}

/// <summary>A converter of a collection, whose elements are judged like those of any other.</summary>
internal interface IElements
{
    Type Element { get; }
}
