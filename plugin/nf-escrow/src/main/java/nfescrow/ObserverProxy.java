package nfescrow;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.BiConsumer;
import nextflow.exception.AbortRunException;
import nextflow.trace.TraceObserver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates observers of a run. They are proxies, because unrelated methods of the interface differ between versions. */
final class ObserverProxy {
    private static final Logger log = LoggerFactory.getLogger(ObserverProxy.class);

    private ObserverProxy() {}

    /**
     * Returns an observer that passes the name and the arguments of each call to `listener`. An AbortRunException of the listener
     * reaches Nextflow. Another exception is logged and does not affect the run.
     */
    static TraceObserver of(BiConsumer<String, Object[]> listener) {
        return (TraceObserver) Proxy.newProxyInstance(
            ObserverProxy.class.getClassLoader(), new Class<?>[] {TraceObserver.class}, (proxy, method, arguments) -> {
                if (method.getDeclaringClass() == Object.class) return ofObject(proxy, method, arguments);
                try {
                    listener.accept(method.getName(), arguments);
                } catch (AbortRunException end) {
                    throw end;
                } catch (RuntimeException | LinkageError error) {
                    // A version of Nextflow with different classes or methods. Trace and log contain the event as well.
                    log.warn("nf-escrow: cannot handle event {} ({})", method.getName(), error.getClass().getSimpleName());
                }
                return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
            });
    }

    private static Object ofObject(Object proxy, Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> "nf-escrow's observer";
        };
    }
}
