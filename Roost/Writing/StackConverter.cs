using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Stacks, written from the top down as ever, and read back with the same element on top: System.Text.Json alone turns them over. A program that can
/// make no code (Native AOT) has no converter for a stack of its own types; there a state that holds one is refused.
/// </summary>
internal sealed class StackConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => RuntimeFeature.IsDynamicCodeSupported && ConverterOf(Definition(typeToConvert)) is not null;

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "CanConvert says no where no code can be made.")]
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The converters ask nothing of their elements' types.")]
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(ConverterOf(Definition(typeToConvert))!.MakeGenericType(typeToConvert.GetGenericArguments()))!;

    /// <summary>A stack, or a type that derives from one: what the serializer's own reading would turn over.</summary>
    public static bool IsStack(Type type)
    {
        for (Type? each = type; each is not null; each = each.BaseType)
            if (ConverterOf(Definition(each)) is not null) return true;
        return type == typeof(System.Collections.Stack);
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    private static Type? ConverterOf(Type definition)
    {
        if (definition == typeof(Stack<>)) return typeof(Plain<>);
        if (definition == typeof(ConcurrentStack<>)) return typeof(Concurrent<>);
        if (definition == typeof(ImmutableStack<>)) return typeof(Immutable<>);
        return definition == typeof(IImmutableStack<>) ? typeof(AnyImmutable<>) : null;
    }

    private abstract class Of<TStack, T> : JsonConverter<TStack>, IElements where TStack : IEnumerable<T>
    {
        public Type Element => typeof(T);

        protected abstract TStack Make(List<T> fromTheBottom);

        public override TStack? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("A list is expected here.");
            var type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
            var elements = new List<T>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) elements.Add(JsonSerializer.Deserialize(ref reader, type)!);
            elements.Reverse();
            return Make(elements);
        }

        public override void Write(Utf8JsonWriter writer, TStack value, JsonSerializerOptions options)
        {
            var type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
            writer.WriteStartArray();
            foreach (T element in value) JsonSerializer.Serialize(writer, element, type);
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
